"""What MAIL must beat: the methods of its paper and those beside it, each behind the seam.

Their papers' inner settings are known in outline only: each is "in the manner of", and says what is ours.
"""
