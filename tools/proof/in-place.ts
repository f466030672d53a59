/**
 * Loaded before anything else (`--import`): the module that `DROVER_MUTANT` names (`{ url, text }`) is loaded with another text, in every thread;
 * the file itself is left alone.
 */

import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'

const file = process.env['DROVER_MUTANT']

if (file !== undefined) {
  const { url, text } = JSON.parse(readFileSync(file, 'utf8')) as { readonly url: string; readonly text: string }
  registerHooks({
    load: (wanted, context, next) =>
      wanted === url
        ? { format: 'module', source: stripTypeScriptTypes(text), shortCircuit: true }
        : next(wanted, context),
  })
}
