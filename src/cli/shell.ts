/** What every command is given. */

import type { CommandLinePorts } from './ports.ts'
import type { Terminal } from './terminal.ts'

export type Shell = { readonly ports: CommandLinePorts; readonly terminal: Terminal }
