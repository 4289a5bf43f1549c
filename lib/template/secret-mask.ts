/** What stands for a secret that is not shown. */
export const secretMask = '********'
