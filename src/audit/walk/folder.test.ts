import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileBytesMax, folderSource } from './folder.ts'
import { ignoreRules, isIgnored } from './ignore.ts'
import { componentText, notebookText } from './source-text.ts'

/** Lists a folder that has these files. */
const listed = (files: Readonly<Record<string, string>>, more: (root: string) => void = () => undefined) => {
  const root = mkdtempSync(join(tmpdir(), 'drover-audit-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    more(root)
    const source = folderSource(root)
    const { files: found, skipped } = source.list()
    return {
      paths: found.map(({ path }) => path),
      skipped: Object.fromEntries(skipped),
      read: found.map(({ path }) => source.read(path)),
    }
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('the walk', () => {
  test('leaves out what git ignores, what others wrote and what a tool made, and says so', () => {
    const { paths, skipped } = listed({
      '.gitignore': '*.log.py\n/private/\n!keep.log.py\n',
      'a.py': '',
      'x.log.py': '',
      'keep.log.py': '',
      'private/b.py': '',
      'deep/private/c.py': '',
      'deep/.gitignore': 'd.py\n',
      'deep/d.py': '',
      'node_modules/openai/index.js': '',
      'third_party/e.py': '',
      'app.min.js': '',
      'package-lock.json': '{}',
      'logo.png': '',
      'README.md': '',
      'package.json': '{}',
      'build/made.js': '',
      'tools/build/source.py': '',
    })
    assert.deepEqual(paths, ['a.py', 'deep/private/c.py', 'keep.log.py', 'package.json', 'tools/build/source.py'])
    assert.deepEqual(skipped, {
      'ignored by git': ['deep/d.py', 'x.log.py'],
      'ignored by git folder': ['private'],
      'unknown kind': ['.gitignore', 'deep/.gitignore'],
      'prose or data': ['README.md'],
      'generated or minified': ['app.min.js'],
      'generated folder': ['build'],
      binary: ['logo.png'],
      'vendored folder': ['node_modules', 'third_party'],
      'lock file': ['package-lock.json'],
    })
  })

  test('follows no link, reads no large file and no bytes that are no text', () => {
    const { paths, skipped, read } = listed({ 'a.py': 'x\0y', 'big.json': ' '.repeat(fileBytesMax + 1) }, (root) =>
      symlinkSync('/', join(root, 'all')),
    )
    assert.deepEqual(paths, ['a.py'])
    assert.deepEqual(read, [null])
    assert.deepEqual(skipped, { 'symbolic link': ['all'], 'over 2 MiB': ['big.json'] })
  })

  test('reads UTF-16 by its mark, in either order of bytes', () => {
    const { paths, read } = listed({}, (root) => {
      const text = Buffer.from('\uFEFFa = "é"\n', 'utf16le')
      writeFileSync(join(root, 'little.py'), text)
      writeFileSync(join(root, 'big.py'), Buffer.from(text).swap16())
      writeFileSync(join(root, 'wide.py'), Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]))
    })
    assert.deepEqual(paths, ['big.py', 'little.py', 'wide.py'])
    assert.deepEqual(read, ['\uFEFFa = "é"\n', '\uFEFFa = "é"\n', null])
  })

  test('a script without an ending is what its first line says', () => {
    const { paths, skipped } = listed({
      ask: '#!/usr/bin/env python3\n',
      'tools/run': '#!/usr/bin/env -S node --no-warnings\n',
      hook: '#!/bin/sh\n',
      old: '#!/usr/bin/perl\n',
      notes: 'python3\n',
    })
    assert.deepEqual(paths, ['ask', 'hook', 'tools/run'])
    assert.deepEqual(skipped, { 'unknown kind': ['notes', 'old'] })
  })

  test('.env files are read though git ignores them: that is where keys lie', () => {
    assert.deepEqual(listed({ '.gitignore': '.env*\n', '.env': 'A=1', '.env.local': 'B=1' }).paths, [
      '.env',
      '.env.local',
    ])
  })
})

describe('rules of .gitignore', () => {
  const table: readonly (readonly [pattern: string, path: string, isIgnored: boolean])[] = [
    ['*.py', 'a/b.py', true],
    ['/a.py', 'b/a.py', false],
    ['a/b', 'a/b', true],
    ['a/b', 'x/a/b', false],
    ['**/logs', 'x/y/logs', true],
    ['a/**', 'a/b/c', true],
    ['a/**/c', 'a/c', true],
    ['a?c', 'abc', true],
    ['[ab].py', 'c.py', false],
    ['[!ab].py', 'c.py', true],
    ['\\#x', '#x', true],
    ['[z-a]', 'z', false],
  ]
  for (const [pattern, path, expected] of table) {
    test(`${pattern} and ${path}`, () => assert.equal(isIgnored(ignoreRules(pattern, ''), path, false), expected))
  }
})

describe('code within other files keeps its lines', () => {
  test('notebooks', () => {
    const raw =
      '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": [\n    "a = \\"x\\"\\n",\n    "b()"\n   ]\n  }\n ]\n}\n'
    assert.deepEqual(notebookText(raw), { text: 'a = "x"\nb()', lines: [6, 7] })
    const whole = '{\n "cells": [{\n "cell_type": "code",\n "source": "a\\n%pip x\\nb"\n }\n ]\n}\n'
    assert.deepEqual(notebookText(whole), { text: 'a\npass\nb', lines: [4, 4, 4] })
    const compact = '{"cells":[{"cell_type":"code","source":["a\\n","b"]},{"cell_type":"raw","source":"c"}]}'
    assert.deepEqual(notebookText(compact), { text: 'a\nb', lines: [1, 1] })
    assert.deepEqual(notebookText('{ broken'), { text: '', lines: [] })
  })

  test('components', () => {
    const text = componentText('<p>don\'t</p>\n<script lang="ts">\nconst a = 1\n</script>\n<style>x</style>')
    assert.deepEqual(
      text.split('\n').map((line) => line.trim()),
      ['', '', 'const a = 1', '', ''],
    )
  })
})
