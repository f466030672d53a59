/** The whole command line as one tree of commands: what runs, what `--help` shows, what the manual is made from. */

import { Command } from 'commander'
import { operations } from '#admin/operations.ts'
import { auditCommand } from './audit-command.ts'
import { backupCommand, restoreCommand } from './backup-command.ts'
import { benchCommand } from './bench-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { fitCommand } from './fit-command.ts'
import { importCommand } from './import-command.ts'
import { initCommand } from './init-command.ts'
import { operationCommands } from './operation-command.ts'
import type { CommandLinePorts } from './ports.ts'
import { probeCommand } from './probe-command.ts'
import { addReceiptVerify } from './receipt-command.ts'
import { reconcileCommand } from './reconcile-command.ts'
import { roiCommand } from './roi-command.ts'
import { serveCommand } from './serve-command.ts'
import type { Shell } from './shell.ts'
import { storeCommand } from './store-command.ts'
import { topCommand } from './top-command.ts'

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

/** Builds the tree. Commands that end with a code of their own give it to `exited`. */
export const buildProgram = (shell: Shell, exited: (code: number) => void): Command => {
  const program = new Command('drover')
    .description('A self-hosted LLM relay: one OpenAI-compatible endpoint and one key in front of every provider.')
    .version(shell.ports.version, '-V, --version', 'Print the version.')
    .helpCommand('help [command]', 'Print the help of a command.')
  program.addCommand(serveCommand(shell, exited))
  program.addCommand(initCommand(shell))
  program.addCommand(doctorCommand(shell, exited))
  program.addCommand(auditCommand(shell, exited))
  program.addCommand(fitCommand(shell))
  program.addCommand(probeCommand(shell, exited))
  program.addCommand(roiCommand(shell))
  program.addCommand(reconcileCommand(shell, exited))
  program.addCommand(importCommand(shell))
  for (const command of operationCommands(operations, shell))
    program.addCommand(addReceiptVerify(command, shell, exited))
  program.addCommand(topCommand(shell))
  program.addCommand(benchCommand(shell, exited))
  program.addCommand(backupCommand(shell))
  program.addCommand(restoreCommand(shell, exited))
  program.addCommand(storeCommand(shell, exited))
  program.addHelpText('after', '\nNo command means serve. The manual is in docs/.')
  tame(program, shell.ports)
  return program
}
