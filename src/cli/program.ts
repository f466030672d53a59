/** The whole command line as one tree of commands: what runs, what `--help` shows, what the manual is made from. */

import type { Command } from 'commander'
import { operations } from '#admin/operations.ts'
import { auditCommand } from './audit-command.ts'
import { backupCommand, restoreCommand } from './backup-command.ts'
import { benchCommand } from './bench-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { fitCommand } from './fit-command.ts'
import { importCommand } from './import-command.ts'
import { initCommand } from './init-command.ts'
import { operationCommands } from './operation-command.ts'
import { probeCommand } from './probe-command.ts'
import { addReceiptVerify } from './receipt-command.ts'
import { reconcileCommand } from './reconcile-command.ts'
import { roiCommand } from './roi-command.ts'
import { rootCommand } from './root-command.ts'
import { serveCommand } from './serve-command.ts'
import type { Shell } from './shell.ts'
import { storeCommand } from './store-command.ts'
import { topCommand } from './top-command.ts'

/** Builds the tree. Commands that end with a code of their own give it to `exited`. */
export const buildProgram = (shell: Shell, exited: (code: number) => void): Command =>
  rootCommand(shell, [
    serveCommand(shell, exited),
    initCommand(shell),
    doctorCommand(shell, exited),
    auditCommand(shell, exited),
    fitCommand(shell),
    probeCommand(shell, exited),
    roiCommand(shell),
    reconcileCommand(shell, exited),
    importCommand(shell),
    ...operationCommands(operations, shell).map((command) => addReceiptVerify(command, shell, exited)),
    topCommand(shell),
    benchCommand(shell, exited),
    backupCommand(shell),
    restoreCommand(shell, exited),
    storeCommand(shell, exited),
  ])
