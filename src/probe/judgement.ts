/** What a probe makes of what it saw. Two layers: what breaks real clients, and what the specification says on top. */

import type { Exchange } from './exchange.ts'

export type Judgement =
  | {
      readonly kind: 'judged'
      /** What real clients break on; none = it passes. */
      readonly breaks: readonly string[]
      /** What the specification says otherwise, and clients live with. */
      readonly strays: readonly string[]
      readonly notes: readonly string[]
      readonly measures: Readonly<Record<string, number>>
    }
  /** The endpoint does not have it, or says so clearly; or the probe could see nothing that it could judge. */
  | { readonly kind: 'unsupported'; readonly why: string }

export const unsupported = (why: string): Judgement => ({ kind: 'unsupported', why })

/** Gathers what was found, in order. */
export class Findings {
  readonly #breaks: string[] = []
  readonly #strays: string[] = []
  readonly #notes: string[] = []
  readonly #measures: Record<string, number> = {}

  /** Real clients break where this does not hold. */
  must(holds: boolean, otherwise: string): void {
    if (!holds && !this.#breaks.includes(otherwise)) this.#breaks.push(otherwise)
  }

  /** The specification says it; clients live without. */
  should(holds: boolean, otherwise: string): void {
    if (!holds && !this.#strays.includes(otherwise)) this.#strays.push(otherwise)
  }

  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text)
  }

  measure(name: string, value: number): void {
    this.#measures[name] = value
  }

  judgement(): Judgement {
    return {
      kind: 'judged',
      breaks: this.#breaks,
      strays: this.#strays,
      notes: this.#notes,
      measures: this.#measures,
    }
  }
}

/** A failure with one reason. */
export const failed = (why: string): Judgement => {
  const findings = new Findings()
  findings.must(false, why)
  return findings.judgement()
}

const endings: Readonly<Record<Exchange['end'], string>> = {
  complete: '',
  left: '',
  cut: 'the connection broke within the answer',
  timeout: 'no whole answer came in time',
  unreachable: 'no connection came about',
}

/** How an exchange went wrong below the protocol; `null` = it did not. */
export const brokenBy = (exchange: Exchange): string | null => {
  const ending = endings[exchange.end]
  if (ending !== '') return exchange.fault === null ? ending : `${ending} (${exchange.fault})`
  return exchange.status >= 500 ? `status ${exchange.status}` : null
}
