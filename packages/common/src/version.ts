/** The version of this release: that of the program and of the house, which say it to each other. */

/** A test holds it to package.json. */
export const VERSION = '0.2.0'
