/** What the file system's refusals mean for the data folder. */

import { Problem } from '#base/problem.ts'

const whys: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is mounted read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'a folder cannot be made there',
  EEXIST: 'a part of the path is a file',
}

/** `store_unavailable` naming the folder, the reason and the flag that chooses another. */
export const folderProblem = (folder: string, error: unknown): Problem => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
  return new Problem('store_unavailable', {
    message: `The data folder ${folder} cannot be used: ${whys[code] ?? code}. Mend that, or choose another folder with --data.`,
    facts: { folder, code },
    cause: error,
  })
}
