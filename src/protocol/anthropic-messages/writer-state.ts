/** What a writer of this format has seen so far that its end depends on: finish, usage, tools, losses. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import type { PartOf } from './block-shape.ts'
import { extraOf } from './block-shape.ts'
import { writeStopReason } from './finish-reason.ts'
import { usageJson } from './usage-json.ts'

/** Bytes of a text to a token, where nobody counts. */
const bytesPerToken = 4

export class WriterState {
  readonly #call: Call
  readonly #warnings = new Map<string, Warning>()
  #usage: PartOf<'usage'> | null = null
  #finish: PartOf<'finish'> | null = null
  #saidBytes = 0
  /** Whether the caller has a tool to run: then the message ends for that, whatever word the provider used. */
  called = false
  refused = false

  constructor({ call }: Pick<ReplyContext, 'call'>) {
    this.#call = call
  }

  warn(field: string, reason: string): void {
    this.#warnings.set(`${field}:${reason}`, { field, reason })
  }

  warnings(): readonly Warning[] {
    return [...this.#warnings.values()]
  }

  /** Takes what is written only at the end; gives whether it did. */
  take(part: Part): boolean {
    if (part.type === 'usage') this.#usage = part
    else if (part.type === 'finish') this.#finish ??= part
    else if ('text' in part && part.choice === 0) this.#saidBytes += Buffer.byteLength(part.text)
    return part.type === 'usage' || part.type === 'finish'
  }

  usage(): JsonObject {
    const usage: Usage | null = this.#usage?.usage ?? null
    if ((usage?.input ?? null) === null || (usage?.output ?? null) === null)
      this.warn('usage', 'estimated by size: the provider tells none')
    return usageJson(usage, this.#usage?.raw ?? null, {
      input: Math.ceil(this.#call.inputBytes / bytesPerToken),
      output: Math.ceil(this.#saidBytes / bytesPerToken),
    })
  }

  /** `stop_reason`, `stop_sequence`, and what the format itself carried beside them. */
  stop(): JsonObject {
    const finish = this.#finish
    const reason = finish === null ? null : writeStopReason(finish.reason, finish.raw)
    const told =
      reason === 'end_turn' && this.called ? 'tool_use' : reason === 'end_turn' && this.refused ? 'refusal' : reason
    const stopSequence = told === 'end_turn' ? finish?.stopSequence : undefined
    return {
      stop_reason: stopSequence === undefined ? told : 'stop_sequence',
      stop_sequence: stopSequence ?? null,
      ...(finish === null ? {} : extraOf(finish).delta),
    }
  }
}
