import type { Command } from 'commander'

import type { CommandLinePorts } from '#cli/ports.ts'
import { buildProgram } from '#cli/program.ts'

const head = `# Commands

\`drover COMMAND\`; from a checkout \`npx drover COMMAND\`, and \`npm start -- FLAGS\` is \`drover serve FLAGS\`. No command means \`serve\`.

Data goes to stdout, talk to stderr. Exit code 0 = done, 1 = it failed, 2 = wrong usage. Errors say what happened, why, and what to do
next; with \`--json\` they are one JSON object on stderr. \`NO_COLOR\` is obeyed; \`DROVER_TRACE=1\` adds the place in the code to a
failure.

Commands that manage the server find it by \`--url\` or \`DROVER_URL\` (with an admin key in \`DROVER_ADMIN_KEY\`), else by the lock in the
data folder, and open the store themselves only when no server runs.
`

const fullName = (command: Command): string =>
  command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const section = (command: Command): readonly string[] => {
  const parameters = command.registeredArguments.map((one) => `<${one.name()}>`)
  const isDefault = command.name() === 'list' && command.parent?.parent !== null
  const options = command.options.filter((option) => !option.hidden)
  return [
    `## ${[fullName(command), ...parameters].join(' ')}`,
    '',
    command.description(),
    ...(isDefault ? ['', `Also what \`${fullName(command.parent as Command)}\` alone means.`] : []),
    '',
    '| flag | meaning |',
    '|---|---|',
    ...command.registeredArguments.map((one) => `| \`<${one.name()}>\` | ${cell(one.description)} |`),
    ...options.map((option) => {
      const fallback = option.defaultValue === undefined ? '' : ` (default: ${String(option.defaultValue)})`
      const need = option.mandatory ? ' **needed**' : ''
      return `| \`${cell(option.flags)}\` | ${cell(option.description)}${fallback}${need} |`
    }),
    '',
  ]
}

/** Every command, as the tree that runs them has it. */
export const commandTree = (): Command => {
  // Building the tree uses no port; running a command would.
  const ports = { version: '' } as unknown as CommandLinePorts
  const terminal = { data: () => {}, json: () => {}, talk: () => {}, paint: (_style: string, text: string) => text }
  return buildProgram({ ports, terminal }, () => {})
}

const leaves = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)

/** docs/reference/commands.md: every command with its flags, from the tree that runs them. */
export function commandsPage(): string {
  return [head, ...leaves(commandTree()).flatMap(section)].join('\n')
}
