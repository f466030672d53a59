/** What the lexer makes of a source text, whatever its language. */

/** A stretch of a string: literal characters, or the place of the code that is put in there. */
export type Piece = string | { readonly start: number; readonly end: number }

export type Token = {
  readonly kind: 'name' | 'text' | 'number' | 'mark' | 'end'
  /** A name, mark or number as written; of a string its characters, with holes left out. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** From 1. */
  readonly line: number
  /** Whether it begins a line; in Python, a logical one. */
  readonly newLine: boolean
  /** Whether blank space lies before it. */
  readonly space: boolean
  /** Characters before it on its line, when it begins the line. */
  readonly column: number
  /** Of a string with code in it. */
  readonly pieces?: readonly Piece[]
}
