import { useQuery } from '@tanstack/react-query'
import { api, type Member, take } from '~/api'
import { words } from './words'

/** What to call a member: those who were invited have no name yet, and not every role sees addresses. */
export function called(member: Member): string {
  return member.name || member.email || words.somebody
}

export function addressOf(member: Member): string {
  return member.email ?? called(member)
}

/** The staff by id, for lists that carry ids only. */
export function useNames(): { members: readonly Member[]; nameOf: (id: string | undefined) => string | undefined } {
  const { data } = useQuery({
    queryKey: ['staff', 'names'],
    queryFn: () => take(api.GET('/api/v1/staff', { params: { query: { limit: 200 } } })),
  })
  const members = data?.items ?? []
  return {
    members,
    nameOf: (id) => {
      const member = members.find((one) => one.id === id)
      return member && called(member)
    },
  }
}
