import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconCode, IconTrash, IconWorldPlus, IconWorld } from '@tabler/icons-react'
import { useState } from 'react'
import { api, sentence, type Site, type Sites as SitesData, take } from '~/api'
import { Card, Empty, Failed, Notice, Page, toast } from '~/look'
import { date } from '../format'
import { may, useMe } from '../session'
import forms from '../forms/Forms.module.css'
import styles from './Admin.module.css'
import { Bones, Confirm, Copy, refuse } from '../forms/parts'
import { words } from './words'

const text = words.sites

/** On which websites the widget may stand. */
export function Sites() {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['sites'], queryFn: () => take(api.GET('/api/v1/sites')) })
  return (
    <Page crumbs={[words.title, words.groups.organisation]} title={words.pages.sites} lead={text.lead}>
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          <List data={data} />
          <Card icon={<IconCode size={20} />} title={text.snippetTitle} lead={text.snippetLead} control={<Copy text={data.snippet} />}>
            <pre className={styles.code} tabIndex={0} aria-label={text.snippet}>{data.snippet}</pre>
          </Card>
        </>
      )}
    </Page>
  )
}

function List({ data }: { data: SitesData }) {
  const me = useMe()
  const client = useQueryClient()
  const [leaving, setLeaving] = useState<Site | null>(null)
  const edit = may(me, 'site.edit')
  const items = data.items ?? []
  const again = () => void client.invalidateQueries({ queryKey: ['sites'] })
  return (
    <Card icon={<IconWorld size={20} />} title={text.listTitle} lead={text.listLead}>
      {edit && <Add done={again} />}
      {items.length === 0 && <Empty icon={<IconWorldPlus size={26} />} title={text.empty}>{edit ? text.emptyText : text.emptyRead}</Empty>}
      {items.length > 0 && (
        <ul className={styles.plain}>
          {items.map((site) => (
            <li key={site.id}>
              <span className={forms.grow}>{site.origin}<span className={styles.small}>{text.since(date(site.created_at))}</span></span>
              {edit && (
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label={text.removeOf(site.origin)} onClick={() => { setLeaving(site) }}>
                  <IconTrash size={18} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {leaving && (
        <Confirm
          danger
          title={text.removeTitle(leaving.origin)}
          text={text.removeText}
          yes={words.sites.remove}
          close={() => { setLeaving(null) }}
          act={() => take(api.DELETE('/api/v1/sites/{id}', { params: { path: { id: leaving.id } } }))}
          done={() => { toast(text.removed(leaving.origin)); again() }}
        />
      )}
    </Card>
  )
}

function Add({ done }: { done: () => void }) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { origin: '' } })
  const { mutate, isPending } = useMutation({
    mutationFn: (origin: string) => take(api.POST('/api/v1/sites', { body: { origin: origin.trim() } })),
    onSuccess: (site) => {
      toast(text.added(site.origin))
      form.reset()
      setProblem(undefined)
      done()
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['origin'])) },
  })
  return (
    <form className={forms.stack} onSubmit={form.onSubmit(({ origin }) => { mutate(origin) })}>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className={forms.addRow}>
        <TextInput className={forms.grow} label={text.addLabel} placeholder="https://www.example.com" required withAsterisk={false} inputMode="url" autoComplete="off" spellCheck={false} {...form.getInputProps('origin')} />
        <Button type="submit" loading={isPending}>{text.add}</Button>
      </div>
    </form>
  )
}
