import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Language } from './language.ts'
import { languages } from './language.ts'
import { lex } from './lex.ts'
import type { Item, Node } from './node.ts'
import { parse } from './parse.ts'

const folder = join(process.cwd(), 'test/audit/corpus')
const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
const all: readonly Language[] = Object.values(languages)

/** The paths of all calls, `client.chat.create`. */
const callsIn = (items: readonly Item[]): readonly string[] => {
  const found: string[] = []
  const path = (node: Node): string => {
    if (node.kind === 'name') return node.name
    if (node.kind === 'member') return `${path(node.object)}.${node.name}`
    return node.kind === 'call' ? `${path(node.callee)}()` : '?'
  }
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one)
    else if (typeof value === 'object' && value !== null) {
      const node = value as Node
      if (node.kind === 'call') found.push(path(node.callee))
      for (const one of Object.values(value)) visit(one)
    }
  }
  visit(items)
  return found
}

const callsOf = (language: keyof typeof languages, text: string): readonly string[] =>
  callsIn(parse(text, languages[language]))

describe('the tolerant parser', () => {
  test('takes any piece of any text in any language, and ends', () => {
    const piece = fc
      .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(3000))
      .map(([text, start, length]) => text.slice(start % text.length, (start % text.length) + length))
    fc.assert(
      fc.property(piece, fc.constantFrom(...all), (text, language) => {
        const tokens = lex(text, language)
        assert.equal(tokens.at(-1)?.kind, 'end')
        for (const [index, token] of tokens.entries()) assert.ok(token.start >= (tokens[index - 1]?.end ?? 0))
        assert.ok(Array.isArray(parse(text, language)))
      }),
      { numRuns: 400, seed: 7 },
    )
  })

  test('takes what is nested without end', () => {
    for (const language of all) {
      for (const mark of ['(', '[', '{', 'f(', 'a.b(c: ', 'a.b do |x| ', '"${', '-']) {
        assert.ok(Array.isArray(parse(mark.repeat(20_000), language)), `${language.name} ${mark}`)
      }
    }
  })

  test('is near to linear', () => {
    const line = 'client.chat.completions.create(model="x", messages=[{"role": "user"}])\n'
    assert.equal(callsOf('python', line.repeat(20_000)).length, 20_000)
  })

  test('texts and comments hide what is in them', () => {
    assert.deepEqual(callsOf('python', '# a()\n"""b()"""\nx = \'c()\' "d()"\ne(f"{g()}")\n'), ['e', 'g'])
    assert.deepEqual(callsOf('typescript', '// a()\n/* b() */ const x = "c()" + /d()/ + `e() $' + '{f()}`\n'), ['f'])
    assert.deepEqual(callsOf('go', '// a()\nx := `b()`\n/* c() */\nd()\n'), ['d'])
    assert.deepEqual(callsOf('ruby', '# a\n=begin\nb()\n=end\nx = \'c()\'\nd("#{e()}")\n'), ['d', 'e'])
    assert.deepEqual(callsOf('php', 'a() <?php // b()\n# c()\n$d->e("f()"); ?> g() <?php h();'), ['$d.e', 'h'])
    assert.deepEqual(callsOf('csharp', '/// a()\nvar x = @"b() "" c()"; d($"{e()}");'), ['d', 'e'])
    assert.deepEqual(callsOf('rust', '// a()\nlet x: &\'a str = r#"b() " c()"#; d(\'e\', x);'), ['d'])
  })

  test('a chain over lines is one call', () => {
    const chain = 'client\n  .chat()\n  .completions()\n  .create(x)'
    for (const language of ['java', 'kotlin', 'typescript', 'csharp', 'rust'] as const)
      assert.ok(callsOf(language, `${chain};`).includes('client.chat().completions().create'), language)
  })
})
