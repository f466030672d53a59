/** How each language writes strings and comments, and the few habits that the tolerant parser must know. A new language is a row. */

export type LanguageName =
  | 'python'
  | 'javascript'
  | 'typescript'
  | 'go'
  | 'java'
  | 'kotlin'
  | 'csharp'
  | 'ruby'
  | 'php'
  | 'rust'

/** How code is put into a string. */
export type Hole = 'dollar-brace' | 'hash-brace' | 'brace' | 'dollar' | 'none'

export type Quote = {
  /** Sticky: what opens the string; its last group, if any, closes it too. */
  readonly open: RegExp
  /** What closes it; absent: the text of the opening quote itself. */
  readonly close?: string
  readonly hole: Hole
  readonly escapes: boolean
  readonly lines: boolean
}

export type Language = {
  readonly name: LanguageName
  readonly lineComments: readonly string[]
  readonly blockComment: readonly [open: string, close: string] | null
  readonly quotes: readonly Quote[]
  readonly regexLiterals: boolean
  /** Indentation makes blocks; in Ruby it stands in for the `end` of well set code. */
  readonly indented: boolean
  /** Newlines inside of brackets mean nothing. */
  readonly joinsLines: boolean
  /** `Type name`, `name Type`, or `name: Type`. */
  readonly types: 'before' | 'after' | 'colon'
  readonly generics: boolean
  readonly arrow: '=>' | '->' | null
  /** A brace behind a value belongs to it: behind a type name, a call, `new`, or never. */
  readonly brace: 'composite' | 'struct' | 'lambda' | 'new' | 'never'
  /** The words that stand for the object in its methods. */
  readonly self: readonly string[]
  /** Whether a dot joins texts. */
  readonly dotJoins: boolean
  /** Calls without parentheses. */
  readonly commands: boolean
}

const quote = (open: RegExp, hole: Hole = 'none', rest: Partial<Quote> = {}): Quote => ({
  open,
  hole,
  escapes: true,
  lines: false,
  ...rest,
})

const cStyle = {
  lineComments: ['//'],
  blockComment: ['/*', '*/'],
  regexLiterals: false,
  indented: false,
  joinsLines: false,
  generics: true,
  arrow: null,
  self: ['this'],
  dotJoins: false,
  commands: false,
} as const

const script = {
  ...cStyle,
  quotes: [quote(/'/y), quote(/"/y), quote(/`/y, 'dollar-brace', { lines: true })],
  regexLiterals: true,
  types: 'colon',
  arrow: '=>',
  brace: 'never',
} as const

const javaQuotes = [quote(/"""/y, 'none', { lines: true }), quote(/"/y), quote(/'/y)]

export const languages: Readonly<Record<LanguageName, Language>> = {
  javascript: { ...script, name: 'javascript', generics: false },
  typescript: { ...script, name: 'typescript' },
  python: {
    ...cStyle,
    name: 'python',
    lineComments: ['#'],
    blockComment: null,
    quotes: [
      quote(/(?:[rR][fF]|[fF][rR]?)("""|''')/y, 'brace', { lines: true }),
      quote(/(?:[rR][fF]|[fF][rR]?)(["'])/y, 'brace'),
      quote(/[rRbBuU]{0,2}("""|''')/y, 'none', { lines: true }),
      quote(/[rRbBuU]{0,2}(["'])/y),
    ],
    indented: true,
    joinsLines: true,
    generics: false,
    types: 'colon',
    brace: 'never',
    self: ['self', 'cls'],
  },
  go: {
    ...cStyle,
    name: 'go',
    quotes: [quote(/`/y, 'none', { lines: true, escapes: false }), quote(/"/y), quote(/'/y)],
    types: 'after',
    generics: false,
    brace: 'composite',
    self: [],
  },
  java: { ...cStyle, name: 'java', quotes: javaQuotes, types: 'before', arrow: '->', brace: 'new' },
  kotlin: {
    ...cStyle,
    name: 'kotlin',
    quotes: [quote(/"""/y, 'dollar', { lines: true, escapes: false }), quote(/"/y, 'dollar'), quote(/'/y)],
    types: 'colon',
    brace: 'lambda',
  },
  csharp: {
    ...cStyle,
    name: 'csharp',
    quotes: [
      quote(/\$+"""/y, 'brace', { close: '"""', lines: true, escapes: false }),
      quote(/"""/y, 'none', { lines: true, escapes: false }),
      quote(/(?:\$@|@\$)"/y, 'brace', { close: '"', lines: true, escapes: false }),
      quote(/@"/y, 'none', { close: '"', lines: true, escapes: false }),
      quote(/\$"/y, 'brace', { close: '"' }),
      quote(/"/y),
      quote(/'/y),
    ],
    types: 'before',
    arrow: '=>',
    brace: 'new',
  },
  ruby: {
    ...cStyle,
    name: 'ruby',
    lineComments: ['#'],
    blockComment: ['\n=begin', '\n=end'],
    quotes: [quote(/'/y, 'none', { lines: true }), quote(/["`]/y, 'hash-brace', { lines: true })],
    regexLiterals: true,
    indented: true,
    types: 'colon',
    generics: false,
    brace: 'lambda',
    self: ['self'],
    commands: true,
  },
  php: {
    ...cStyle,
    name: 'php',
    lineComments: ['//', '#'],
    quotes: [quote(/'/y, 'none', { lines: true }), quote(/"/y, 'dollar', { lines: true })],
    types: 'before',
    generics: false,
    brace: 'never',
    self: ['$this', 'self', 'static'],
    dotJoins: true,
  },
  rust: {
    ...cStyle,
    name: 'rust',
    quotes: [
      quote(/b?r(#+)"/y, 'none', { lines: true, escapes: false }),
      quote(/b?r"/y, 'none', { close: '"', lines: true, escapes: false }),
      quote(/b?"/y, 'none', { close: '"', lines: true }),
      quote(/'(?=(?:\\.|[^'\\])')/y),
    ],
    types: 'colon',
    brace: 'struct',
    self: ['self', 'Self'],
  },
}
