/** What one endpoint's replies mean, as steps that the readers of bytes call. */

import type { JsonObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyReader } from '#protocol/protocol.ts'

export type EventReading = { readonly parts: readonly Part[]; readonly role: 'content' | 'usage-only' | 'end' }

/** Made once per reply, so it may keep state. */
export type ReplySteps = {
  /** One event that is a JSON object; `name` is its `event:` field. Errors are seen to before. */
  readonly event: (data: JsonObject, name: string | null) => EventReading
  /** At the end marker: parts that were still open. */
  readonly endMarker: () => readonly Part[]
  /** Whether the events so far make a whole answer without an end marker. */
  readonly finished: () => boolean
  /** Whether an event that is, but for its prose, the two before it says what they said: nothing of it is counted or kept. */
  readonly readsAlike?: true
  /** `false`: `[DONE]` does not make an answer whole by itself; some servers send it where the format has none. */
  readonly markerEnds?: false
  /** A whole document; only `members` of it where they are named. `objects` tells how many there are in one of `lists`. */
  readonly document: (document: JsonObject, objects: (list: string) => number | null) => readonly Part[]
  /** Top-level members that `document` reads, for documents too large to be worth parsing; `null` = all. */
  readonly members: readonly string[] | null
  /** Top-level lists whose objects are counted, in documents of which only members are read; absent = none. */
  readonly lists?: readonly string[]
}

/** What reads a body once its form is known. */
export type BodyReader = Pick<ReplyReader, 'read' | 'end' | 'complete'>
