/** What the shared building blocks say. */
export const words = {
  dismiss: 'Dismiss',
  skip: 'Skip to the content',
  scheme: 'Colour scheme',
  schemes: { light: 'Light', dark: 'Dark', auto: 'Same as the system' },
  tryAgain: 'Try again',
  product: 'Parlatory',
}
