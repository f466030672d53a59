/**
 * Arguments of a call that come in pieces, each with the path of the value that it belongs to
 * (`streamFunctionCallArguments`, https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling, read 2026-11-28).
 */

import { isLongNumber } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

const stepsMax = 64
/** An index beyond this is no list that a model writes. */
const indexMax = 100_000

const stepForm = /\.([^.[\]]+)|\[(\d{1,6})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y

/** `$.a[0]['b c']` as its steps; `null` = it is no such path. */
const stepsOf = (path: string): readonly (string | number)[] | null => {
  if (!path.startsWith('$')) return null
  const steps: (string | number)[] = []
  stepForm.lastIndex = 1
  while (stepForm.lastIndex < path.length && steps.length < stepsMax) {
    const match = stepForm.exec(path)
    if (match === null) return null
    const [, name, index, single, double] = match
    steps.push(index === undefined ? (name ?? single ?? double ?? '') : Math.min(Number(index), indexMax))
  }
  return steps
}

const pieceOf = (piece: JsonObject): Json => {
  if (typeof piece['stringValue'] === 'string') return piece['stringValue']
  const { numberValue, boolValue } = piece
  if (typeof numberValue === 'number' || isLongNumber(numberValue)) return numberValue
  return typeof boolValue === 'boolean' ? boolValue : null
}

type Holder = { [key: string | number]: Json | undefined }

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null

/** Grows with each piece; a text that goes on is added to. */
export class PartialArguments {
  readonly #root: Holder = {}
  #open: string | null = null

  add(pieces: Json | undefined): void {
    for (const piece of Array.isArray(pieces) ? pieces.filter(isObject) : []) this.#take(piece)
  }

  text(): string {
    return JSON.stringify(this.#root)
  }

  #take(piece: JsonObject): void {
    const path = typeof piece['jsonPath'] === 'string' ? piece['jsonPath'] : ''
    const steps = stepsOf(path)
    const last = steps?.at(-1)
    // Assigned like any other member, this one would change the object's prototype.
    if (steps === null || last === undefined || steps.includes('__proto__')) return
    const holder = this.#holderOf(steps)
    const before = holder[last]
    const value = pieceOf(piece)
    const goesOn = this.#open === path && typeof before === 'string' && typeof value === 'string'
    holder[last] = goesOn ? `${before}${value}` : value
    this.#open = piece['willContinue'] === true ? path : null
  }

  #holderOf(steps: readonly (string | number)[]): Holder {
    let holder = this.#root
    for (const [at, step] of steps.slice(0, -1).entries()) {
      const inner: unknown = holder[step]
      const next: Holder = isHolder(inner) ? inner : typeof steps[at + 1] === 'number' ? ([] as unknown as Holder) : {}
      holder[step] = next as unknown as Json
      holder = next
    }
    return holder
  }
}
