/** What stands between a caller and the provider in a benchmark. */

export type Place = {
  /** Where the provider listens on this machine. */
  readonly upstreamPort: number
  /** An empty folder of the gateway's own. */
  readonly folder: string
  /** The models that will be asked for, as `load/upstream-process.ts` names them. */
  readonly models: readonly string[]
}

export type Running = {
  readonly port: number
  /** Processes whose cost is the gateway's, without their descendants, which are counted as well. */
  readonly pids: readonly number[]
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The name under which it sells a model. */
  readonly model: (name: string) => string
  /** Calls that its books hold; `null` = it keeps none. */
  readonly booked: (() => Promise<number>) | null
  /** Ends it and starts it again on what it has kept; milliseconds from the start of its program until it listens. Absent: it is never asked. */
  readonly restart?: () => Promise<number>
  readonly end: () => Promise<void>
}

export type Gateway = {
  readonly name: string
  /** What was installed, by its own word; `null` = it is not there, and why is in `absent`. */
  readonly version: () => string | null
  /** How it is had, said when it is not there. */
  readonly absent: string
  /** Settings that differ from its defaults, and what is on. */
  readonly settings: string
  /** It takes so long, or so much of the disk, that it takes part only where it is named. */
  readonly isOnRequest?: true
  readonly start: (place: Place) => Promise<Running>
}

export const startTimeoutMs = 90_000
export const chatPath = '/v1/chat/completions'
export const sameModel = (name: string): string => name
