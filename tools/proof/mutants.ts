/** Small changes of a source, one at a time, each of which a test should notice: a comparison, a sum, a condition, a constant, a statement that is gone. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

/** A node of the tree that the parser gives, as far as it is read here. */
type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly operator?: string
  readonly value?: unknown
  readonly bigint?: string
  readonly [field: string]: unknown
}

export type Mutant = {
  readonly line: number
  readonly start: number
  readonly end: number
  /** Whoever comes to this place comes to the change: of an operator the beginning of what it joins, as its second half may be left out. */
  readonly at: number
  /** What stands there, and what instead. */
  readonly was: string
  readonly becomes: string
}

type Parse = (text: string, options: object) => Node

const parserOf = async (): Promise<Parse> => {
  const file = join(import.meta.dirname, 'node_modules/acorn/dist/acorn.mjs')
  if (!existsSync(file))
    spawnSync('npm', ['ci', '--prefix', import.meta.dirname, '--ignore-scripts'], { stdio: 'ignore' })
  if (!existsSync(file)) throw new Error('the parser could not be installed: npm ci --prefix tools/proof')
  const { parse } = (await import(file)) as { readonly parse: Parse }
  return parse
}

const otherOperators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
}
const otherNames: Readonly<Record<string, string>> = { some: 'every', every: 'some', min: 'max', max: 'min' }

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

const childrenOf = (node: Node): readonly Node[] => Object.values(node).flat().filter(isNode)

const isText = (node: unknown): boolean =>
  isNode(node) && (node.type === 'TemplateLiteral' || typeof node.value === 'string')

/** `a < b ? a : b`: of two that are equal either may be taken. */
const isChoiceOfTwo = (node: Node, parent: Node | null, text: string): boolean => {
  if (parent?.type !== 'ConditionalExpression' || parent['test'] !== node) return false
  const sides = [node['left'], node['right'], parent['consequent'], parent['alternate']]
  const texts = sides.map((side) => (isNode(side) ? text.slice(side.start, side.end) : ''))
  return texts[0] !== texts[1] && texts.slice(2).toSorted().join() === texts.slice(0, 2).toSorted().join()
}

/** Places and texts of the changes of one node, not of those within. */
const changesOf = (
  node: Node,
  parent: Node | null,
  text: string,
): readonly (readonly [start: number, end: number, becomes: string])[] => {
  const whole = (becomes: string) => [node.start, node.end, becomes] as const
  const { left, right, test, argument, property } = node as Readonly<Record<string, Node | undefined>>
  if (/^(?:Binary|Logical|Assignment)Expression$/.test(node.type) && left !== undefined && right !== undefined) {
    // Texts that are put together are words for people.
    if (node.operator === '+' && (isText(left) || isText(right))) return []
    const operator = node.operator ?? ''
    const at = text.indexOf(operator, left.end)
    const others = otherOperators[operator] ?? []
    // The first of them differs in what it says of equals.
    const meant = /[<>]/.test(operator) && isChoiceOfTwo(node, parent, text) ? others.slice(1) : others
    return meant.map((other) => [at, at + operator.length, other] as const)
  }
  if (node.type === 'UnaryExpression' && (node.operator === '!' || node.operator === '-') && argument !== undefined)
    return [whole(text.slice(argument.start, argument.end))]
  if (node.type === 'UpdateExpression')
    return [whole(text.slice(node.start, node.end).replace(/\+\+|--/, (was) => (was === '++' ? '--' : '++')))]
  if (/^(?:If|While|DoWhile)Statement$|^ConditionalExpression$/.test(node.type) && test !== undefined)
    return [
      [test.start, test.end, 'false'],
      ...(node.type.endsWith('hileStatement') ? [] : ([[test.start, test.end, 'true']] as const)),
    ]
  if (node.type === 'Literal') {
    if (typeof node.value === 'boolean') return [whole(String(!node.value))]
    if (typeof node.bigint === 'string') return [whole(`${BigInt(node.bigint) + 1n}n`)]
    if (typeof node.value === 'number') return [whole(String(node.value + 1))]
  }
  if (node.type === 'ExpressionStatement' || node.type === 'ThrowStatement') return [whole(';')]
  if (node.type === 'MemberExpression' && property !== undefined && node['computed'] !== true) {
    const other = otherNames[String(property['name'])]
    if (other !== undefined) return [[property.start, property.end, other]]
  }
  return []
}

/** Every change of a text in TypeScript, in the order of the text. Types, imports and words for people are left alone. */
export const mutantsOf = async (text: string): Promise<readonly Mutant[]> => {
  const parse = await parserOf()
  // Types become blanks, so that places stay what they are.
  const tree = parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module' })
  const found: Mutant[] = []
  const walk = (node: Node, parent: Node | null): void => {
    if (node.type === 'ImportDeclaration') return
    for (const [start, end, becomes] of changesOf(node, parent, text))
      found.push({
        ...{ line: text.slice(0, start).split('\n').length, start, end, at: node.start },
        ...{ was: text.slice(start, end), becomes },
      })
    for (const child of childrenOf(node)) walk(child, node)
  }
  walk(tree, null)
  return found.toSorted((one, other) => one.start - other.start)
}

/** The text with one change. */
export const changed = (text: string, { start, end, becomes }: Mutant): string =>
  text.slice(0, start) + becomes + text.slice(end)
