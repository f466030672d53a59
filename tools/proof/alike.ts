/** Changes of the source that change nothing in what it does: no test could notice them. Each with its reason. */

export type Alike = {
  readonly file: string
  /** The line, without the blanks around it. */
  readonly line: string
  readonly was: string
  readonly becomes: readonly string[]
  readonly why: string
}

export const alike: readonly Alike[] = []
