/** The log as a port, and the type that keeps secrets out of it. */

export type LogFields = Readonly<Record<string, unknown>>

export type Log = {
  readonly debug: (message: string, fields?: LogFields) => void
  readonly info: (message: string, fields?: LogFields) => void
  readonly warn: (message: string, fields?: LogFields) => void
  readonly error: (message: string, fields?: LogFields) => void
}

const hidden = '[secret]'

/**
 * A value that cannot be printed: `toString`, `JSON.stringify`, template literals and `util.inspect` all give
 * `[secret]`. Only `reveal()` gives it out, at the place where it goes to its owner.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden
  }
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
