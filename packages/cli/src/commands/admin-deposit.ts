/** `auction admin deposit USER AMOUNT`: brings money in for a user, once. */
import { movementCommand } from '../movement.ts'

export const command = movementCommand('deposit', 'brought in for', 'It comes from outside the house.')
