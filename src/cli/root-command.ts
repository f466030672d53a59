/** The root of the command line, which hangs whatever commands it is given below `drover`. */

import { Command } from 'commander'
import type { CommandLinePorts } from './ports.ts'
import { serveCommand } from './serve-command.ts'
import type { Shell } from './shell.ts'

/** Throws instead of ending the process, and writes only through the shell's streams. */
const tame = (command: Command, ports: CommandLinePorts): void => {
  command
    .helpOption('-h, --help', 'Print help.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void ports.stdout.write(text),
      writeErr: (text) => void ports.stderr.write(text),
      // Errors are told by run.ts, in the form of every other failure.
      outputError: () => undefined,
    })
  for (const below of command.commands) tame(below, ports)
}

/** `drover` with these commands, in their order. */
export const rootCommand = ({ ports }: Shell, commands: readonly Command[]): Command => {
  const program = new Command('drover')
    .description('A self-hosted LLM relay: one OpenAI-compatible endpoint and one key in front of every provider.')
    .version(ports.version, '-V, --version', 'Print the version.')
    .helpCommand('help [command]', 'Print the help of a command.')
  for (const command of commands) program.addCommand(command)
  program.addHelpText('after', '\nNo command means serve. The manual is in docs/.')
  tame(program, ports)
  return program
}

/** `drover serve` and nothing else: a server starts a tenth of a second sooner without the rest of the commands. */
export const serveProgram = (shell: Shell, exited: (code: number) => void): Command =>
  rootCommand(shell, [serveCommand(shell, exited)])
