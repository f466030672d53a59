/** Finds curl and other command lines that call an LLM API: in scripts, Dockerfiles, CI files, Makefiles. */

import type { Draft } from '#audit/finding.ts'
import { draft } from '#audit/finding.ts'
import { knownUrl, urlsIn } from '#audit/rule/host.ts'
import { isLlmVariable } from '#audit/rule/variable.ts'
import type { Json } from '#base/json-type.ts'

/** A command line goes over no more lines than this. */
const linesMax = 60
const lineCharactersMax = 4000

const commandForm = /(?:^|[\s;&|(`$"'@-])(curl|wget|http|https|xh|httpie)\s+(?=\S)/

type Command = { readonly line: number; readonly endLine: number; readonly text: string; readonly program: string }

const endsOpen = (text: string): boolean => {
  const plain = text.replace(/\\["']/g, '')
  const singles = (plain.match(/'/g) ?? []).length
  const doubles = (plain.replace(/'[^']*'/g, '').match(/"/g) ?? []).length
  return singles % 2 === 1 || doubles % 2 === 1 || (/<<-?\s*['"]?\w+['"]?/.test(text) && !/\n\s*\w+\s*$/.test(text))
}

/** The commands of a text, each with the lines that it goes on over. */
const commandsIn = (lines: readonly string[], variables: ReadonlyMap<string, string>): readonly Command[] => {
  const found: Command[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    // Escaped line ends and long lines are texts about commands.
    if (/^\s*(?:#|\/\/)/.test(line) || line.length > lineCharactersMax || /\\n.*\\n/.test(line)) continue
    const match = commandForm.exec(line)
    if (match === null) continue
    let text = line.slice(match.index)
    let end = at
    while (end + 1 < lines.length && end - at < linesMax && (/\\\s*$/.test(lines[end] ?? '') || endsOpen(text))) {
      end += 1
      text += `\n${lines[end] ?? ''}`
    }
    const resolved = text.replace(
      /\$\{?(\w+)(?::-([^}]*))?\}?/g,
      (whole, name: string, fallback?: string) => variables.get(name) ?? fallback ?? whole,
    )
    found.push({ line: at + 1, endLine: end + 1, text: resolved, program: match[1] ?? 'curl' })
    at = end
  }
  return found
}

const parametersIn = (text: string): Readonly<Record<string, Json>> => {
  const parameters: Record<string, Json> = {}
  for (const match of text.matchAll(/\\?"(\w+)\\?"\s*:\s*(?:(-?\d+(?:\.\d+)?)|(true|false))(?=\s*[,}\n])/g)) {
    const [, name = '', number, flag] = match
    parameters[name] = number === undefined ? flag === 'true' : Number(number)
  }
  return parameters
}

const authIn = (text: string): string | null => {
  const variable =
    /(?:authorization:\s*bearer|x-api-key:|api-key:|x-goog-api-key:)\s*["']*\$\{?(?:\{\s*)?(?:secrets\.|env\.)?(\w+)/i.exec(
      text,
    ) ?? /[?&]key=["']*\$\{?(\w+)/.exec(text)
  if (variable?.[1] !== undefined) return `env:${variable[1]}`
  return /(?:authorization:\s*bearer|x-api-key:|api-key:)\s*[\w-]{8,}/i.test(text) ? 'literal' : null
}

/** Assignments of a script, for the addresses that commands take from them. */
export const shellVariables = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const variables = new Map<string, string>()
  for (const line of lines) {
    const match =
      /^\s*(?:export\s+|readonly\s+|local\s+|declare\s+(?:-\w+\s+)?)?([A-Za-z_]\w*)=(["']?)([^"'\n]*)\2\s*(?:[;#].*)?$/.exec(
        line,
      )
    const [, name, , value = ''] = match ?? []
    if (name === undefined || value === '' || isCredential(name)) continue
    variables.set(
      name,
      value
        .replace(/^\$\{\w+:-([^}]*)\}$/, '$1')
        .replace(/\$\{?(\w+)\}?/g, (whole, other: string) => variables.get(other) ?? whole),
    )
  }
  return variables
}

const isCredential = (name: string): boolean => isLlmVariable(name) && /KEY|TOKEN|SECRET/.test(name)

/** Calls in command lines, one finding each, at the line where the command begins. */
export const detectCommands = (lines: readonly string[]): readonly Draft[] => {
  const text = lines.join('\n')
  if (!commandForm.test(text)) return []
  return commandsIn(lines, shellVariables(lines)).flatMap((command) => {
    const url =
      urlsIn(command.text)[0]?.url ??
      /(?:https?:\/\/\S+|\$\{?\w+\}?\/?\S*)(?:\/chat\/completions|\/v1\/messages|\/v1\/responses|\/v1\/embeddings)/.exec(
        command.text,
      )?.[0]
    if (url === undefined) return []
    const clean = url.replace(/["'\\]+$/, '')
    const known = knownUrl(clean)
    const model =
      /\\?"model\\?"\s*:\s*\\?"([^"\\]+)\\?"/.exec(command.text)?.[1] ?? /\/models\/([\w.-]+):/.exec(clean)?.[1] ?? null
    return [
      draft({
        kind: 'raw-http',
        line: command.line,
        endLine: command.endLine,
        sdk: command.program,
        provider: known?.provider ?? null,
        endpoint: known?.endpoint ?? null,
        baseUrl: clean,
        model: model !== null && /^\$/.test(model) ? null : model,
        auth: authIn(command.text),
        parameters: parametersIn(command.text),
      }),
    ]
  })
}
