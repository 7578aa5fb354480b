import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { api, take } from '~/api'
import type { components } from '~/api/schema'

type Schemas = components['schemas']
export type Security = Schemas['SecurityView']
export type Entry = Schemas['NetworkEntry']
export type ListName = 'block' | 'allow'

const key = ['security']

export function useSecurity() {
  return useQuery({ queryKey: key, queryFn: () => take(api.GET('/api/v1/security')) })
}

/** Puts what a change answered in place of what was known, and forgets the lists. */
export function useChanged(): (now?: Security) => void {
  const client = useQueryClient()
  return useCallback((now?: Security) => {
    if (now) client.setQueryData(key, now)
    else void client.invalidateQueries({ queryKey: key })
    void client.invalidateQueries({ queryKey: ['networks'] })
    void client.invalidateQueries({ queryKey: ['checklist'] })
  }, [client])
}

/** What somebody typed over what stands now: only what differs from where they began. The rest is whoever's saved it last. */
export function merged<T extends object>(base: T, draft: T, now: T): T {
  const changed = Object.entries(draft).filter(([name, value]) => value !== base[name as keyof T])
  return { ...now, ...Object.fromEntries(changed) }
}

/** The fields of numbers that were cleared. They stand as NaN until something is typed, so that nobody saves a 0 unseen. */
export function cleared(draft: object): string[] {
  return Object.entries(draft).filter(([, value]) => Number.isNaN(value)).map(([name]) => name)
}

/** One line of a review: what it is called, how it is, how it will be. */
export interface Difference { name: string; before: string; after: string }

export function differences(all: readonly Difference[]): Difference[] {
  return all.filter((one) => one.before !== one.after)
}
