/** Reading and changing by operations, for pages: what was read is kept for a moment and asked again after a change. */

import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { keepPreviousData, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiProblem, call } from './api.ts'
import type { Input, Known, Output } from './contract.ts'

const freshMs = 10_000
const triesMax = 2

/** What is worth asking again: a relay that is away or overloaded, never a refusal. */
const mayRetry = (failures: number, error: Error): boolean =>
  failures < triesMax && error instanceof ApiProblem && (error.status === 0 || error.status >= 502)

/** One for the whole console. */
export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: { queries: { staleTime: freshMs, retry: mayRetry, refetchOnWindowFocus: false } },
  })

export type ReadOptions = { readonly enabled?: boolean; readonly everyMs?: number; readonly keepsOld?: boolean }

/** What an operation gives; asked again every `everyMs` while the page is seen. */
export const useRead = <W extends Known>(
  words: W,
  input: Input<W>,
  { enabled = true, everyMs, keepsOld = false }: ReadOptions = {},
): UseQueryResult<Output<W>, Error> =>
  useQuery<Output<W>, Error, Output<W>, readonly unknown[]>({
    queryKey: [words, input],
    queryFn: ({ signal }) => call(words, input, signal),
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    ...(keepsOld ? { placeholderData: keepPreviousData as never } : {}),
  })

/** Runs an operation that changes something; what was read of these operations is asked again afterwards. */
export const useChange = <W extends Known>(
  words: W,
  stale: readonly Known[] = [],
): UseMutationResult<Output<W>, Error, Input<W>> => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Input<W>) => call(words, input),
    onSuccess: () => Promise.all(stale.map((one) => client.invalidateQueries({ queryKey: [one] }))),
  })
}
