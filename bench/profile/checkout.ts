/** The relay of any checkout as something to be measured. */

import { basename, join } from 'node:path'
import type { Fill, Parts } from '../gateway/drover.ts'
import { configOf, openRelay } from '../gateway/drover.ts'
import type { Gateway } from '../gateway/gateway.ts'

/** The relay in `folder` with these parts on and this in its store; named by its folder. */
export const checkoutWith = (parts: Parts, folder: string, fill?: Fill): Gateway => ({
  name: basename(folder),
  version: () => '-',
  absent: '',
  settings: parts.settings,
  start: (place) =>
    openRelay(parts, {
      config: configOf(parts, place),
      folder: place.folder,
      program: join(folder, 'bin', 'drover'),
      ...(fill === undefined ? {} : { fill }),
    }),
})
