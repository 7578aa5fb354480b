import { type InfiniteData, type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, type Enquiries, type Enquiry, take, type View } from '~/api'

const page = 50

export function useEnquiries(view: View) {
  return useInfiniteQuery({
    queryKey: ['enquiries', view],
    queryFn: ({ pageParam }) =>
      take(api.GET('/api/v1/enquiries', { params: { query: { view, limit: page, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (last: Enquiries) => last.next || undefined,
  })
}

/** How many wait and how many are mine: it comes with every list, so that the waiting list serves for both. */
export function useCounts(): Enquiries['counts'] {
  const { data } = useEnquiries('waiting')
  return data?.pages[0]?.counts ?? { waiting: 0, mine: 0 }
}

/** One enquiry: at once from a list when it stands in one, then from the server. */
export function useEnquiry(id: string) {
  const client = useQueryClient()
  return useQuery({
    queryKey: ['enquiry', id],
    queryFn: () => take(api.GET('/api/v1/enquiries/{id}', { params: { path: { id } } })),
    placeholderData: () => inLists(client, id),
  })
}

type Lists = InfiniteData<Enquiries, string>

function inLists(client: QueryClient, id: string): Enquiry | undefined {
  for (const [, lists] of client.getQueriesData<Lists>({ queryKey: ['enquiries'] })) {
    for (const part of lists?.pages ?? []) for (const item of part.items ?? []) if (item.id === id) return item
  }
  return undefined
}

/** Changes an enquiry wherever it is shown, until the server's word comes. */
export function patchEnquiry(client: QueryClient, id: string, change: (enquiry: Enquiry) => Enquiry): void {
  client.setQueryData<Enquiry>(['enquiry', id], (known) => known && change(known))
  client.setQueriesData<Lists>({ queryKey: ['enquiries'] }, (lists) => lists && {
    ...lists,
    pages: lists.pages.map((part) => ({ ...part, items: (part.items ?? []).map((item) => (item.id === id ? change(item) : item)) })),
  })
}

export type Move = 'pickup' | 'close' | 'reopen'

const paths = {
  pickup: '/api/v1/enquiries/{id}/pickup',
  close: '/api/v1/enquiries/{id}/close',
  reopen: '/api/v1/enquiries/{id}/reopen',
} as const

/** Picks up, closes or reopens. The lists are read again whatever the answer: when it is no, somebody else was first. */
export function useMove() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, move }: { id: string; move: Move }) => take(api.POST(paths[move], { params: { path: { id } } })),
    onSuccess: (enquiry) => { client.setQueryData(['enquiry', enquiry.id], enquiry) },
    onSettled: (_, __, { id }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['enquiries'] }),
        client.invalidateQueries({ queryKey: ['enquiry', id] }),
      ]),
  })
}
