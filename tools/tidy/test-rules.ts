// What a test must not do, and the one thing that each must: be able to fail.
import type { Finding } from './finding.ts'
import type { Masked } from './source.ts'
import { closingOf, importsOf, lineAt } from './source.ts'

const switchedOff =
  /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\b(?:context|t)\.(?:skip|todo)\(|[{,]\s*(?:only|skip|todo)\s*:/
const sleep = /=>\s*(?:void\s+)?setTimeout\(|\bawait\s+(?:setTimeout|sleep|delay)\(/
const vacuous = /\bassert(?:\.ok)?\(\s*(?:true|1)\s*[,)]|\bassert\.(?:strict)?[eE]qual\(\s*(\w+)\s*,\s*\1\s*[,)]/
const proves = /\bassert\b|\bexpect\(|\b(?:assert|expect|check|verify|prove|must)[A-Z]\w*\(|\b\w+Contract\(/

/** Every violation in one test file or contract. */
export function checkTests(masked: Masked): Finding[] {
  const found: Finding[] = []
  const look = (rule: string, pattern: RegExp, message: string): void => {
    for (const match of masked.code.matchAll(new RegExp(pattern.source, 'g'))) {
      found.push({ line: lineAt(masked.code, match.index), rule, message })
    }
  }
  look('switched off', switchedOff, 'a test runs or is deleted')
  look('sleep', sleep, 'a test waits for an event, not for time')
  look('vacuous', vacuous, 'this cannot fail')
  for (const { specifier, line } of importsOf(masked)) {
    if (specifier === 'node:timers/promises') {
      found.push({ line, rule: 'sleep', message: 'a test waits for an event, not for time' })
    }
  }
  found.push(...checkAsserts(masked.code))
  return found
}

function checkAsserts(code: string): Finding[] {
  const proving = provingNames(code)
  const found: Finding[] = []
  let count = 0
  for (const match of code.matchAll(/(?<![.\w])(?:test|it)\(/g)) {
    count += 1
    const body = code.slice(match.index, closingOf(code, match.index + match[0].length - 1))
    if (!proves.test(body) && !mentions(body, proving)) {
      found.push({ line: lineAt(code, match.index), rule: 'no assertion', message: 'this test cannot fail' })
    }
  }
  if (count === 0 && !/\b\w+Contract\(/.test(code)) {
    found.push({ line: 1, rule: 'no assertion', message: 'there is no test in this file' })
  }
  return found
}

/** The functions of the file that assert, themselves or through another one. */
function provingNames(code: string): ReadonlySet<string> {
  const bodies = new Map<string, string>()
  for (const match of code.matchAll(/\bfunction\*?\s+(\w+)|\bconst\s+(\w+)(?=[^=\n]*=[^=\n]*(?:=>|\bfunction\b))/g)) {
    const name = match[1] ?? match[2] ?? ''
    bodies.set(name, bodyFrom(code, match.index))
  }
  const names = new Set<string>()
  for (let round = 0; round < bodies.size; round += 1) {
    for (const [name, body] of bodies) if (proves.test(body) || mentions(body, names, name)) names.add(name)
  }
  return names
}

/** From a declaration to the line that ends it: the first line end outside of all brackets and not after an arrow. */
function bodyFrom(code: string, start: number): string {
  for (let index = start; index < code.length; index += 1) {
    const character = code.charAt(index)
    if (/[([{]/.test(character)) index = closingOf(code, index) - 1
    else if (character === '\n' && !/(?:=>|[=,|&?:])\s*$/.test(code.slice(Math.max(start, index - 40), index))) {
      return code.slice(start, index)
    }
  }
  return code.slice(start)
}

function mentions(body: string, names: ReadonlySet<string>, self = ''): boolean {
  for (const match of body.matchAll(/\b\w+\b/g)) {
    if (match[0] !== self && names.has(match[0])) return true
  }
  return false
}
