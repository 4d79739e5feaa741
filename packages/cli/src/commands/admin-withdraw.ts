/** `auction admin withdraw USER AMOUNT`: pays money out to a user, once. */
import { movementCommand } from '../movement.ts'

export const command = movementCommand('withdraw', 'paid out to', 'What is held for a bid cannot be paid out.')
