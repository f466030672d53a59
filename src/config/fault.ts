/** What is wrong with a configuration, and where: told to a person, all at once. */

import { refusalSays } from '#base/refusal.ts'
import type { Sentence } from '#base/sentence.ts'

export type Fault = {
  /** As it was named to the loader; `null` where no file is to blame (an environment variable). */
  readonly file: string | null
  /** From 1; `null` where the fault has no place in the file. */
  readonly line: number | null
  readonly column: number | null
  /** `providers.moonshot.api_key`, `models.kimi-k2.targets[1].provider`; empty for the file as a whole. */
  readonly path: string
  /** What is wrong and what to write instead. Never holds the value of a secret. */
  readonly message: string
}

export type Path = readonly (string | number)[]

/** `models.kimi-k2.targets[1].provider`; keys that hold other characters are quoted: `models."a.b"`. */
export const pathText = (path: Path): string =>
  path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`
      const text = /^[A-Za-z0-9_/:-]+$/.test(segment) ? segment : JSON.stringify(segment)
      return index === 0 ? text : `.${text}`
    })
    .join('')

/** As data, for those that are shown it in another language. */
export const faultSaid = ({ file, line, column, path, message }: Fault): Sentence =>
  refusalSays('fault_at', { place: [file, line, column].filter((one) => one !== null).join(':'), path, what: message })

/** `drover.yaml:3:5 server.prot: unknown key; did you mean 'port'?` */
export const faultText = (fault: Fault): string => faultSaid(fault).text

/** All faults, one a line, in the order of the file. */
export const faultsText = (faults: readonly Fault[]): string => faults.map(faultText).join('\n')

/** In the order of the file; faults without a place come last. */
export const inOrder = (faults: readonly Fault[]): readonly Fault[] =>
  [...faults].sort(
    (a, b) =>
      (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER) || (a.column ?? 0) - (b.column ?? 0),
  )
