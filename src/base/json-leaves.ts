/** The texts and numbers of a JSON document where they lie, so that some can be replaced and every other byte stays. */

export type JsonLeaf = {
  /** The key of the member that it belongs to, through arrays; `null` = it belongs to none. */
  readonly key: string | null
  /** `name` = the key itself, of a member of a free object. */
  readonly kind: 'text' | 'number' | 'object' | 'name'
  /** The text without quotes and escapes; of a number or an object as it is written. */
  readonly text: string
  /** Whether it lies in an object whose members nobody has given names but who wrote it: arguments of a tool. */
  readonly isFree: boolean
}

type Place = { readonly start: number; readonly end: number; readonly put: string }
type Level = {
  readonly isObject: boolean
  readonly start: number
  readonly keyAbove: string | null
  readonly isFree: boolean
  key: string | null
}

/** The offset behind a string that begins at `open`. */
const stringEnd = (source: string, open: number): number => {
  let at = open + 1
  for (;;) {
    const close = source.indexOf('"', at)
    if (close === -1) return source.length
    let slashes = 0
    while (source[close - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return close + 1
    at = close + 1
  }
}

const numberForm = /-?\d[\d.eE+-]*/y

const numberEnd = (source: string, start: number): number => {
  numberForm.lastIndex = start
  return numberForm.test(source) ? numberForm.lastIndex : start + 1
}

const textOf = (written: string): string =>
  written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1)

class Walk {
  readonly #source: string
  readonly #change: (leaf: JsonLeaf) => string | null
  readonly #freeKeys: ReadonlySet<string>
  readonly #levels: Level[] = []
  #places: Place[] = []
  #isKeyNext = false

  constructor(source: string, change: (leaf: JsonLeaf) => string | null, freeKeys: ReadonlySet<string>) {
    this.#source = source
    this.#change = change
    this.#freeKeys = freeKeys
  }

  places(): readonly Place[] {
    let at = 0
    while (at < this.#source.length) at = this.#step(at)
    return this.#places
  }

  get #level(): Level | undefined {
    return this.#levels.at(-1)
  }

  #step(at: number): number {
    const character = this.#source[at] as string
    if (character === '"') return this.#string(at)
    if (character === '{' || character === '[') return this.#open(at, character === '{')
    if (character === '}' || character === ']') return this.#close(at)
    if (character === ',') this.#isKeyNext = this.#level?.isObject === true
    if (character !== '-' && (character < '0' || character > '9')) return at + 1
    const end = numberEnd(this.#source, at)
    this.#leaf('number', { start: at, end, text: this.#source.slice(at, end) })
    return end
  }

  #string(at: number): number {
    const end = stringEnd(this.#source, at)
    const text = textOf(this.#source.slice(at, end))
    const level = this.#level
    if (this.#isKeyNext && level !== undefined) {
      level.key = text
      this.#isKeyNext = false
      if (level.isFree) this.#leaf('name', { start: at, end, text })
    } else this.#leaf('text', { start: at, end, text })
    return end
  }

  #open(at: number, isObject: boolean): number {
    const outer = this.#level
    const keyAbove = outer?.key ?? null
    const isNamed = isObject && outer?.isObject === true && keyAbove !== null && this.#freeKeys.has(keyAbove)
    const isFree = isNamed || outer?.isFree === true
    this.#levels.push({ isObject, start: at, keyAbove, isFree, key: isObject ? null : keyAbove })
    this.#isKeyNext = isObject
    return at + 1
  }

  #close(at: number): number {
    const level = this.#levels.pop()
    this.#isKeyNext = false
    if (level?.isObject !== true || level.keyAbove === null) return at + 1
    const { start, keyAbove: key } = level
    const { isFree } = level
    const put = this.#change({ key, kind: 'object', text: this.#source.slice(start, at + 1), isFree })
    if (put === null) return at + 1
    this.#places = [...this.#places.filter((place) => place.end <= start), { start, end: at + 1, put }]
    return at + 1
  }

  #leaf(kind: 'text' | 'number' | 'name', { start, end, text }: { start: number; end: number; text: string }): void {
    const put = this.#change({ key: this.#level?.key ?? null, kind, text, isFree: this.#level?.isFree === true })
    if (put !== null) this.#places.push({ start, end, put: JSON.stringify(put) })
  }
}

/**
 * The document (which must be valid JSON) with some of its leaves replaced: `change` gives the new text of a text or a number, which then
 * becomes a text; of an object its new JSON; `null` = it stays. Gives the source itself where nothing changed. An object that is the value
 * of one of `freeKeys` is free, with all that lies in it: its keys are leaves too.
 */
export const replaceLeaves = (
  source: string,
  change: (leaf: JsonLeaf) => string | null,
  freeKeys: ReadonlySet<string> = new Set(),
): string => {
  const places = new Walk(source, change, freeKeys).places()
  if (places.length === 0) return source
  const pieces: string[] = []
  let copied = 0
  for (const { start, end, put } of places) {
    pieces.push(source.slice(copied, start), put)
    copied = end
  }
  return pieces.join('') + source.slice(copied)
}
