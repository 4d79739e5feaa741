/** The live feed on the wire: the socket's frames both ways, what the whole house hears, and what ends a good's log. */
import { z } from 'zod'
import { problem } from './api.ts'
import { feedEvent, goodView, id } from './view.ts'

/** Socket.IO, client to server. */
export const joinRequest = z.strictObject({
  goodId: id,
  since: z.int().min(0).optional(),
  epoch: z.string().max(64).optional(),
})
export const leaveRequest = z.strictObject({ goodId: id })
export const followRequest = z.strictObject({ house: z.literal(true) })

/** Socket.IO, server to client, and the acknowledgement of a join. */
export const joinAnswer = z.union([
  z.object({ ok: z.literal(true), reset: z.literal(true), good: goodView }),
  z.object({ ok: z.literal(true), good: goodView, events: z.array(feedEvent), watchers: z.int() }),
])
export type JoinAnswer = z.infer<typeof joinAnswer>
export const refusal = z.object({ ok: z.literal(false), error: problem })
/** One message per room and commit. */
export const eventsFrame = z.object({
  goodId: id,
  epoch: z.string(),
  events: z.array(feedEvent.omit({ goodId: true })),
})
export const houseFrame = z.object({ events: z.array(feedEvent) })
/** Once a second: the server's clock and the newest seq of each good joined. */
export const headsFrame = z.object({ now: z.number(), seqs: z.record(z.string(), z.int()) })
export const presenceFrame = z.object({ goodId: id, watchers: z.int() })
export const byeFrame = z.object({ retryInMs: z.int() })

/** What the house-wide feed tells everyone (rules.md, section 8). */
export const houseEvents: readonly z.infer<typeof feedEvent>['type'][] = [
  'listed',
  'sold',
  'bought',
  'unsold',
  'cancelled',
]
/** Events after which a good's log is complete. */
export const endings: readonly z.infer<typeof feedEvent>['type'][] = ['sold', 'bought', 'unsold', 'cancelled']
