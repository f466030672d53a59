// Reads TypeScript far enough to tell code from comments and strings, so that a rule about code is not fooled by prose.

/** One file of the project, by its path from the root, with `/` between folders. */
export type SourceFile = { readonly path: string; readonly text: string }

export type Literal = { readonly start: number; readonly value: string }

/** `code` is as long as the text it came from; comments, string contents and regular expressions are blanks in it. */
export type Masked = { readonly code: string; readonly literals: readonly Literal[] }

export type Import = {
  readonly specifier: string
  /** The names within the braces, as the other module exports them. */
  readonly names: readonly string[]
  readonly line: number
  readonly isReExport: boolean
}

type Scan = { readonly text: string; readonly code: string[]; readonly literals: Literal[]; at: number }

const beforeRegex = /(?:[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))\s*$/

/** Blanks out what is not code. Lines and columns stay where they are. */
export function mask(text: string): Masked {
  const scan: Scan = { text, code: [], literals: [], at: 0 }
  readCode(scan, false)
  return { code: scan.code.join(''), literals: scan.literals }
}

/** Reads code until the text ends, or until the `}` that closes a template's `${`. */
function readCode(scan: Scan, isInTemplate: boolean): void {
  let depth = 0
  while (scan.at < scan.text.length) {
    const character = scan.text.charAt(scan.at)
    const next = scan.text.charAt(scan.at + 1)
    if (character === '/' && next === '/') blankUntil(scan, endOf(scan, '\n', 0))
    else if (character === '/' && next === '*') blankUntil(scan, endOf(scan, '*/', 2))
    else if (character === '/' && isRegexHere(scan)) readRegex(scan)
    else if (character === "'" || character === '"') readString(scan, character)
    else if (character === '`') readTemplate(scan)
    else {
      if (character === '{') depth += 1
      if (character === '}') {
        if (isInTemplate && depth === 0) return
        depth -= 1
      }
      keep(scan, 1)
    }
  }
}

function keep(scan: Scan, count: number): void {
  for (let index = 0; index < count && scan.at < scan.text.length; index += 1) {
    scan.code.push(scan.text.charAt(scan.at))
    scan.at += 1
  }
}

function blankUntil(scan: Scan, end: number): void {
  while (scan.at < end) {
    scan.code.push(scan.text.charAt(scan.at) === '\n' ? '\n' : ' ')
    scan.at += 1
  }
}

function endOf(scan: Scan, closing: string, extra: number): number {
  const found = scan.text.indexOf(closing, scan.at + extra)
  return found === -1 ? scan.text.length : found + extra
}

function isRegexHere(scan: Scan): boolean {
  const before = scan.code.slice(-60).join('').trimEnd()
  return before === '' || beforeRegex.test(before)
}

function readRegex(scan: Scan): void {
  let end = scan.at + 1
  let isInClass = false
  while (end < scan.text.length && scan.text.charAt(end) !== '\n') {
    const character = scan.text.charAt(end)
    if (character === '\\') end += 1
    else if (character === '[') isInClass = true
    else if (character === ']') isInClass = false
    else if (character === '/' && !isInClass) break
    end += 1
  }
  keep(scan, 1)
  blankUntil(scan, end)
  keep(scan, 1)
}

function readString(scan: Scan, quote: string): void {
  let end = scan.at + 1
  while (end < scan.text.length && scan.text.charAt(end) !== quote && scan.text.charAt(end) !== '\n') {
    end += scan.text.charAt(end) === '\\' ? 2 : 1
  }
  scan.literals.push({ start: scan.at, value: scan.text.slice(scan.at + 1, end) })
  keep(scan, 1)
  blankUntil(scan, end)
  keep(scan, 1)
}

function readTemplate(scan: Scan): void {
  keep(scan, 1)
  while (scan.at < scan.text.length && scan.text.charAt(scan.at) !== '`') {
    if (scan.text.charAt(scan.at) === '\\') blankUntil(scan, Math.min(scan.at + 2, scan.text.length))
    else if (scan.text.startsWith('${', scan.at)) {
      keep(scan, 2)
      readCode(scan, true)
      keep(scan, 1)
    } else blankUntil(scan, scan.at + 1)
  }
  keep(scan, 1)
}

/** Every module that the text names: static, type-only, re-exported and dynamic. */
export function importsOf(masked: Masked): readonly Import[] {
  const found: Import[] = []
  for (const literal of masked.literals) {
    const before = masked.code.slice(Math.max(0, literal.start - 2000), literal.start).trimEnd()
    if (!/\bfrom$|\bimport$|\bimport\s*\($/.test(before)) continue
    const statement = before.slice(Math.max(before.lastIndexOf('import'), before.lastIndexOf('export')))
    found.push({
      specifier: literal.value,
      names: [...(/\{([^}]*)\}/.exec(statement)?.[1] ?? '').matchAll(/(?:^|,)\s*(?:type\s+)?(\w+)/g)].map(
        (match) => match[1] ?? '',
      ),
      line: lineAt(masked.code, literal.start),
      isReExport: statement.startsWith('export'),
    })
  }
  return found
}

/** The line, counted from 1, that an offset lies in. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** The offset just behind the bracket that closes the one at `open`; the end of the text when none does. */
export function closingOf(code: string, open: number): number {
  let depth = 0
  for (let index = open; index < code.length; index += 1) {
    const character = code.charAt(index)
    if (character === '(' || character === '[' || character === '{') depth += 1
    if (character === ')' || character === ']' || character === '}') depth -= 1
    if (depth === 0) return index + 1
  }
  return code.length
}
