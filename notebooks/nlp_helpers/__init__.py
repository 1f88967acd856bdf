"""What the chapters share. Every module has one subject and is read in one sitting.

Import them one by one, such as `from nlp_helpers import windows`, after `course.begin`.
"""
