/** Where the admin API is. */
export const adminPrefix = '/admin/v1'
