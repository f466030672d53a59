/** What waits in each lane. One transaction of a lane runs at a time, and takes all that waits then. */

import assert from 'node:assert/strict'
import type { Problem } from '#base/problem.ts'
import type { Lane } from './lane.ts'
import type { PostgresOperationName } from './operations.ts'

export type Asked = {
  readonly name: PostgresOperationName
  readonly input: unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (problem: Problem) => void
}

/** More than this in one commit gains nothing, and lets the first wait for the last. */
const operationsPerCommitMax = 200

export class LaneQueues {
  readonly #waiting = new Map<Lane, Asked[]>()
  readonly #run: (lane: Lane, group: readonly Asked[]) => Promise<void>

  /** `run` answers each of the group, and never rejects. */
  constructor(run: (lane: Lane, group: readonly Asked[]) => Promise<void>) {
    this.#run = run
  }

  push(lane: Lane, asked: Asked): void {
    const queue = this.#waiting.get(lane)
    if (queue !== undefined) queue.push(asked)
    else {
      this.#waiting.set(lane, [asked])
      // What is asked in the same turn of the loop joins the first transaction.
      setImmediate(() => this.#drain(lane))
    }
  }

  async #drain(lane: Lane): Promise<void> {
    const queue = this.#waiting.get(lane)
    assert(queue !== undefined)
    while (queue.length > 0) await this.#run(lane, queue.splice(0, operationsPerCommitMax))
    this.#waiting.delete(lane)
  }
}
