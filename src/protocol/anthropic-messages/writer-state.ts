/** What a writer of this format has seen so far that its end depends on: finish, usage, tools, losses. */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import type { Warning } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { PartOf } from './block-shape.ts'
import { extraOf } from './block-shape.ts'
import { writeStopReason } from './finish-reason.ts'
import { usageJson } from './usage-json.ts'

export class WriterState {
  readonly #warnings = new Map<string, Warning>()
  #usage: PartOf<'usage'> | null = null
  #finish: PartOf<'finish'> | null = null
  /** Whether the caller has a tool to run: then the message ends for that, whatever word the provider used. */
  called = false
  refused = false

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
    return part.type === 'usage' || part.type === 'finish'
  }

  usage(): JsonObject {
    const usage: Usage | null = this.#usage?.usage ?? null
    return usageJson(usage, this.#usage?.raw ?? null)
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
