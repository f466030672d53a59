/** `drover migrate report --verify FILE`: the check of a report under the command that makes it. */

import type { Command } from 'commander'
import { verifyReport } from '#admin/migration-report.ts'
import type { Operation } from '#admin/operation.ts'

export const isReport = ({ noun, verb }: Operation): boolean => noun === 'migrate' && verb === 'report'

/** With the flag no migration is named: the file says which it is of. */
export const addVerify = (command: Command): void => {
  command.option('--verify <file>', 'Check a report instead: its signature, its tests and its page.')
  command.registeredArguments[0]?.argOptional()
}

/** What the command does, and with which input. */
export const verifying = (
  file: string,
): { readonly operation: Operation; readonly input: Record<string, unknown> } => ({
  operation: verifyReport as unknown as Operation,
  input: { report: file },
})
