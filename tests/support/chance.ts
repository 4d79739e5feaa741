/** Chance by one seed, so that what is green stays green; AUCTION_TEST_SEED tries another, and a deep run a new one each time. */
import { randomInt } from 'node:crypto'
import fc from 'fast-check'

const given = process.env.AUCTION_TEST_SEED
const deep = process.env.MODE === 'deep'

export const seed = given === undefined ? (deep ? randomInt(2 ** 31) : 20_261_122) : Number(given)
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })

export { fc }
