/** What the first start tells a person, once. */

import type { FirstStartResult } from './first-start.ts'

const keyLine = (label: string, variable: string, key: string | null): string =>
  `  ${label.padEnd(10)} ${key ?? `$${variable} (as you gave it)`}`

const curl = (url: string, key: string): string =>
  [
    `  curl -N ${url}/v1/chat/completions \\`,
    `    -H "authorization: Bearer ${key}" \\`,
    `    -H "content-type: application/json" \\`,
    `    -d '{"model": "kimi-k2", "stream": true, "messages": [{"role": "user", "content": "Hello, Drover"}]}'`,
  ].join('\n')

/**
 * The text for stderr: keys, a curl to copy, what to do next. Empty where there is nothing to say: on a later start without
 * anything new.
 */
export const greeting = (result: FirstStartResult, url: string, setUpLink: string | null = null): string => {
  const notes = result.notes.map((note) => `  ${note}`)
  if (!result.created) return notes.length === 0 ? '' : `${notes.join('\n')}\n`
  const keyOf = (kind: 'admin' | 'test'): string | null => result.keys.find((one) => one.kind === kind)?.key ?? null
  const isShown = result.keys.some((one) => one.key !== null)
  const lines = [
    '',
    `Drover is ready at ${url}.${isShown ? ' These keys are shown this once:' : ''}`,
    '',
    keyLine('admin key', 'DROVER_ADMIN_KEY', keyOf('admin')),
    keyLine('test key', 'DROVER_TEST_KEY', keyOf('test')),
    '',
    'Try it; the test key answers from the sandbox, without any provider:',
    '',
    curl(url, keyOf('test') ?? '$DROVER_TEST_KEY'),
    '',
    'Then make a key for real calls:  drover keys create --name my-app',
    ...(setUpLink === null
      ? []
      : ['', 'Sign in with a browser: this link makes you the owner, once, within 24 hours:', '', `  ${setUpLink}`]),
    '',
  ]
  return `${lines.join('\n')}\n`
}
