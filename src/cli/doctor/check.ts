/** What a check of `drover doctor` finds. */

export type Verdict = 'ok' | 'warn' | 'fail' | 'skip'

export type Finding = {
  /** Stable, for machines: `config`, `data-folder`, `provider:moonshot`. */
  readonly id: string
  readonly title: string
  readonly verdict: Verdict
  readonly detail: string
  /** How to mend it; `null` where there is nothing to mend. */
  readonly mend: string | null
}

type Words = { readonly id: string; readonly title: string; readonly detail: string }

/** All is well. */
export const ok = (words: Words): Finding => ({ ...words, verdict: 'ok', mend: null })

/** It was not looked at, and why. */
export const skip = (words: Words): Finding => ({ ...words, verdict: 'skip', mend: null })

/** It works, and will hurt some day. */
export const warn = (words: Words & { readonly mend: string }): Finding => ({ ...words, verdict: 'warn' })

/** It does not work. */
export const fail = (words: Words & { readonly mend: string }): Finding => ({ ...words, verdict: 'fail' })
