import { defineConfig } from './definition.ts'
import { dialectField } from './dialect-field.ts'
import { secretField, stringField } from './fields.ts'

/** What an operator's shell needs to reach its master: `config-control.json`. */
export const controlConfig = defineConfig({
  program: 'control',
  fields: {
    url: stringField({ description: 'Address of the master, such as `http://HOST:8080`.' }),
    token: secretField({ description: 'The token that ctl registers with.' }),
    tls_ca: stringField({ description: 'PEM file of a certificate authority to trust beside the system\'s own.' }),
    dialect: dialectField,
  },
})
