/** How much time a measurement may take. */
export type Effort = {
  readonly rounds: number
  /** Of one gateway in one round. */
  readonly turnMs: number
  /** Before the first round, uncounted. */
  readonly warmMs: number
  readonly say: (progress: string) => void
}
