/** The live feed on the wire: the socket's frames both ways, what the whole house hears, and what ends a good's log. */
import { z } from 'zod'
import { chatLine, problem } from './answers.ts'
import { feedEvent, id, person } from './events.ts'
import { chatText } from './requests.ts'
import { goodView } from './view.ts'

/** Socket.IO, client to server: joins the room of a good, resuming after `since` of the house `epoch` names. */
export const joinRequest = z.strictObject({
  goodId: id,
  since: z.int().min(0).optional(),
  epoch: z.string().max(64).optional(),
  /** Of a private good's room. */
  password: z.string().max(256).optional(),
})
/** Socket.IO, client to server: leaves the room of a good. */
export const leaveRequest = z.strictObject({ goodId: id })
/** Socket.IO, client to server: says something to a room one is in. */
export const chatRequest = chatText.extend({ goodId: id })
/** Socket.IO, client to server: hears what the whole house hears. */
export const followRequest = z.strictObject({ house: z.literal(true) })

/** The acknowledgement of a join: what was missed, or `reset` and the good afresh. */
export const joinAnswer = z.union([
  z.object({ ok: z.literal(true), reset: z.literal(true), good: goodView, chat: z.array(chatLine).optional() }),
  z.object({
    ok: z.literal(true),
    good: goodView,
    events: z.array(feedEvent),
    watchers: z.int(),
    /** The newest lines of the chat, oldest first. */
    chat: z.array(chatLine).optional(),
  }),
])
export type JoinAnswer = z.infer<typeof joinAnswer>
/** The acknowledgement of a frame that was refused. */
export const refusal = z.object({ ok: z.literal(false), error: problem })
/** One message per room and commit. */
export const eventsFrame = z.object({
  goodId: id,
  epoch: z.string(),
  events: z.array(feedEvent.omit({ goodId: true })),
})
/** What happened in the whole house, one message per commit. */
export const houseFrame = z.object({ events: z.array(feedEvent) })
/** Once a second: the server's clock and the newest seq of each good joined. */
export const headsFrame = z.object({ now: z.number(), seqs: z.record(z.string(), z.int()) })
/** How many watch a good, whenever that changes, and who came or went. */
export const presenceFrame = z.object({
  goodId: id,
  watchers: z.int(),
  joined: person.optional(),
  left: person.optional(),
})
/** A line of a room's chat, new or removed. */
export const chatFrame = chatLine
/** The server is about to stop: come back after so many milliseconds. */
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
