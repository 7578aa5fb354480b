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

/** Whether a member is meant by what was typed: each word stands at the start of a part of the name or address. */
export function found(member: Pick<Member, 'name' | 'email'>, search: string): boolean {
  const parts = `${member.name} ${member.email ?? ''}`.toLocaleLowerCase().split(/[\s@.+_-]+/u)
  const whole = `${member.name} ${member.email ?? ''}`.toLocaleLowerCase()
  return search.toLocaleLowerCase().split(/\s+/u).filter(Boolean).every((word) => parts.some((part) => part.startsWith(word)) || (word.length > 2 && whole.includes(word)))
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
