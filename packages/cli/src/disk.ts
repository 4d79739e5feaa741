/** The disk: directories made, and why something on it cannot be used, in words. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** The system's name of what went wrong: `ENOENT`; undefined where it gave none. */
export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not',
  EPERM: 'you may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  ELOOP: 'it is a symbolic link',
  EISDIR: 'it is a directory',
  ENOTDIR: 'there is a file in its place',
  EEXIST: 'there is a file in its place',
}

/** Why a file or a directory cannot be used, to stand after a colon. */
export function reasonOf(error: unknown): string {
  const known = reasons[String(codeOf(error))]
  return known ?? (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

/** Makes it, and what it stands in. Node's own `recursive` never ends where a file system takes no directories (/proc). */
export function makeDirectory(path: string): void {
  const make = (): unknown => {
    try {
      mkdirSync(path, { mode: 0o700 })
      return null
    } catch (error) {
      return codeOf(error) === 'EEXIST' ? null : error
    }
  }
  const failure = make()
  if (failure === null) return
  if (codeOf(failure) !== 'ENOENT' || dirname(path) === path) throw failure
  makeDirectory(dirname(path))
  const again = make()
  if (again !== null) throw again
}
