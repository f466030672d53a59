// The rules of the house that one file can break by itself: names, sizes, what must be given as an argument, what is never left behind.
import type { Finding, Violation } from './finding.ts'
import type { Masked, SourceFile } from './source.ts'
import { importsOf, lineAt, mask } from './source.ts'
import { checkTests } from './test-rules.ts'
import { isTest, packageOf } from './walls.ts'

/** A pattern that must not be found in the code of the files it is about. */
type Ban = {
  readonly rule: string
  readonly pattern: RegExp
  readonly message: string
  readonly about: (path: string) => boolean
}

/** What depends on the machine and on package.json, given so that the rules stay pure. */
export type Surroundings = {
  /** Packages that the published program may import. */
  readonly dependencies: ReadonlySet<string>
  /** Folders of the machine that the check runs on, which no file may name. */
  readonly machineFolders: readonly string[]
}

const linesMax = 500
const mainLinesMax = 150
const bannedStems = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc', 'manager', 'types'])

const isSource = (path: string): boolean => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path)
const isRoom = (path: string): boolean => isSource(path) && path !== 'src/main.ts'
const isOutsideBase = (path: string): boolean => isRoom(path) && !path.startsWith('src/base/')
const isTypeScript = (path: string): boolean => path.endsWith('.ts')

const bans: readonly Ban[] = [
  {
    rule: 'clock',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    message: 'the clock is given as an argument (base/clock.ts)',
    about: isOutsideBase,
  },
  {
    rule: 'chance',
    pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\brandomInt\b|\bgetRandomValues\b/,
    message: 'chance and ids are given as arguments (base/id.ts)',
    about: isOutsideBase,
  },
  {
    rule: 'environment',
    pattern: /\bprocess\.env\b/,
    message: 'only config/, cli/ and main.ts read the environment',
    about: (path) => isRoom(path) && !/^src\/(?:config|cli)\//.test(path),
  },
  {
    rule: 'state',
    pattern: /^(?:export\s+)?(?:let|var)\s/m,
    message: 'a module keeps no state that changes',
    about: isSource,
  },
  {
    rule: 'export',
    pattern: /\bexport\s+default\b|\bexport\s*\*|\bmodule\.exports\b/,
    message: 'exports are named, one by one',
    about: isTypeScript,
  },
  {
    rule: 'catch',
    pattern: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*(?:\(\w*\)|\w+)\s*=>\s*\{\s*\}\s*\)/,
    message: 'a caught error is handled, told or thrown on',
    about: isTypeScript,
  },
  {
    rule: 'abbreviation',
    pattern:
      /(?:\b(?:const|let|function)\s+|\((?:[^(){}]*,)?\s*)(?:req|res|ctx|cfg|err|msg|opts|idx|evt|cb|buf)\s*(?:[=:,)]|\bof\b)/,
    message: 'names are written out',
    about: isTypeScript,
  },
  {
    rule: 'module address',
    pattern: /\bimport\.meta\.(?:dirname|filename)\b/,
    message:
      'the bundle moves modules: files of the package are found from main.ts, a worker by new URL("./worker.ts", import.meta.url)',
    about: isRoom,
  },
]

/** Every violation in one file. Prose and data are read for what must not be left behind, code for everything. */
export function checkFile(file: SourceFile, surroundings: Surroundings): Violation[] {
  return findingsOf(file, surroundings).map((one) => ({ path: file.path, ...one }))
}

function findingsOf(file: SourceFile, surroundings: Surroundings): Finding[] {
  const found = [...checkWords(file, surroundings)]
  if (!/\.(?:ts|mjs|js|sh)$/.test(file.path)) return found
  found.push(...checkName(file.path), ...checkSize(file))
  if (!file.path.endsWith('.ts')) return found
  const masked = mask(file.text)
  found.push(...checkBans(file.path, masked), ...checkComments(file))
  if (isSource(file.path)) found.push(...checkSource(file, masked, surroundings))
  if (isTest(file.path)) found.push(...checkTests(masked))
  return found
}

function checkName(path: string): Finding[] {
  const names = path.split('/')
  const found: Finding[] = []
  for (const [index, name] of names.entries()) {
    const stem = name.replace(/^\./, '').replace(/(?:\.test|\.long\.test|\.contract|\.d)?\.(?:ts|mjs|js|sh)$/, '')
    if (bannedStems.has(stem) || bannedStems.has(stem.split('-').at(-1) ?? '')) {
      found.push(finding(1, 'name', `'${stem}' says nothing about what is in it`))
    }
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem)) found.push(finding(1, 'name', `'${name}' is not kebab-case`))
    if (name === 'index.ts' && index > 3) found.push(finding(1, 'name', 'a list lies in its room, or one below'))
  }
  return found
}

function checkSize(file: SourceFile): Finding[] {
  const max = file.path === 'src/main.ts' ? mainLinesMax : linesMax
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)
  return lines > max ? [finding(lines, 'size', `${lines} lines; ${max} are allowed`)] : []
}

function checkBans(path: string, masked: Masked): Finding[] {
  return bans
    .filter((ban) => ban.about(path))
    .flatMap((ban) => {
      const matches = masked.code.matchAll(new RegExp(ban.pattern.source, `${ban.pattern.flags}g`))
      return [...matches].map((match) => finding(lineAt(masked.code, match.index), ban.rule, ban.message))
    })
}

function checkComments(file: SourceFile): Finding[] {
  const switches = file.text.matchAll(/@ts-(?:ignore|nocheck)\b|@ts-expect-error\s*$|biome-ignore[^:\n]*$/gm)
  return [...switches].map((match) =>
    finding(lineAt(file.text, match.index), 'switch', `${match[0]}: a check is only switched off with a reason`),
  )
}

function checkSource(file: SourceFile, masked: Masked, surroundings: Surroundings): Finding[] {
  const found: Finding[] = []
  for (const one of importsOf(masked)) {
    if (one.isReExport && !/\/(?:port|contract)\.ts$/.test(file.path)) {
      found.push(finding(one.line, 'barrel', `${one.specifier}: import it from where it is`))
    }
    if (/^[.#]|^node:/.test(one.specifier)) continue
    if (!surroundings.dependencies.has(packageOf(one.specifier))) {
      found.push(finding(one.line, 'dependency', `${one.specifier} is not among the dependencies`))
    }
  }
  for (const literal of masked.literals) {
    const isAddress = /\bnew URL\(\s*$/.test(masked.code.slice(Math.max(0, literal.start - 40), literal.start))
    if (isAddress && literal.value.startsWith('..') && file.path !== 'src/main.ts') {
      found.push(finding(lineAt(file.text, literal.start), 'module address', `${literal.value}: leaves the folder`))
    }
  }
  return found
}

// Built from pieces, so that this file does not itself hold what it looks for.
const marker = new RegExp(
  `\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b(?=[\\s:(]|$)`,
  'm',
)
const registries = [
  'registry\\.[a-z-]+\\.[a-z]{2,}',
  ['pypi', '(?:python\\.)?org'].join('\\.'),
  ['pythonhosted', 'org'].join('\\.'),
  ['crates', 'io/api'].join('\\.'),
  ['index', 'crates', 'io'].join('\\.'),
  ['proxy', 'golang', 'org'].join('\\.'),
  ['deb', 'debian', 'org'].join('\\.'),
]
const registry = new RegExp(`\\b(?:${registries.join('|')})\\b`, 'i')

function checkWords(file: SourceFile, surroundings: Surroundings): Finding[] {
  const found: Finding[] = []
  const look = (rule: string, pattern: RegExp): void => {
    const match = pattern.exec(file.text)
    if (match !== null) found.push(finding(lineAt(file.text, match.index), rule, `'${match[0]}'`))
  }
  look('left behind', marker)
  look('registry', registry)
  if (/package-lock\.json$/.test(file.path)) look('registry', /"resolved": "https?:[^"]*"/)
  for (const folder of surroundings.machineFolders) {
    look('machine', new RegExp(`(?<![\\w.-])${folder.replace(/[^\w/-]/g, '\\$&')}(?![\\w-])`))
  }
  return found
}

function finding(line: number, rule: string, message: string): Finding {
  return { line, rule, message }
}
