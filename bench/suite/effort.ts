/** How a measurement is made: how much time it may take, and on what. */
export type Effort = {
  readonly rounds: number
  /** Of one gateway in one round. */
  readonly turnMs: number
  /** Before the first round, uncounted. */
  readonly warmMs: number
  /** A workload's file to replay; `null` = one that is made up. */
  readonly trace: string | null
  readonly say: (progress: string) => void
}
