/** Parts written as a chat completion, in the form that the caller asked for. */

import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { streamWriter } from './write-stream.ts'
import { wholeWriter } from './write-whole.ts'

/** A writer for one reply. */
export const writeReply = (context: ReplyContext): ReplyWriter =>
  context.call.stream ? streamWriter(context) : wholeWriter(context)
