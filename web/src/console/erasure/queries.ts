import { type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, take } from '~/api'
import type { components } from '~/api/schema'

type Schemas = components['schemas']
export type Kept = Schemas['Kept']
export type Erasure = Schemas['Erasure']
export type Hold = Schemas['Hold']

/** What is kept on a contact, as it stands now. */
export function useKept(contact: string, enabled = true) {
  return useQuery({
    queryKey: ['kept', contact],
    queryFn: () => take(api.GET('/api/v1/contacts/{id}/kept', { params: { path: { id: contact } } })),
    staleTime: 0,
    enabled,
    retry: false,
  })
}

const page = (cursor: string) => ({ query: { limit: 50, ...(cursor ? { cursor } : {}) } })

export function useErasures() {
  return useInfiniteQuery({
    queryKey: ['erasures'],
    queryFn: ({ pageParam }) => take(api.GET('/api/v1/erasures', { params: page(pageParam) })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    staleTime: 0,
  })
}

export function useHolds() {
  return useInfiniteQuery({
    queryKey: ['holds'],
    queryFn: ({ pageParam }) => take(api.GET('/api/v1/holds', { params: page(pageParam) })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    staleTime: 0,
  })
}

/** All that is kept on a contact, as one zip archive. */
export function archiveOf(contact: string): Promise<Blob> {
  return take(api.POST('/api/v1/contacts/{id}/export', { params: { path: { id: contact } }, parseAs: 'blob' }))
}

/** The certificate of an erasure: a signed note. */
export function certificateOf(erasure: string): Promise<Blob> {
  return take(api.GET('/api/v1/erasures/{id}/certificate', { params: { path: { id: erasure } }, parseAs: 'blob' }))
}

export function holdsChanged(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: ['holds'] })
  void client.invalidateQueries({ queryKey: ['kept'] })
}

/** Nothing of the person may come from this page's memory again. */
export function contactGone(client: QueryClient): void {
  for (const queryKey of [['enquiries'], ['enquiry'], ['erasures'], ['kept'], ['audit']]) void client.invalidateQueries({ queryKey })
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What somebody typed or pasted as an id; undefined when it is none. */
export function idOf(typed: string): string | undefined {
  const id = typed.trim().toLowerCase()
  return uuid.test(id) ? id : undefined
}
